/** TypeDoc, as the site's own installation has it, with what this repository adds to it. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { entryPoints, repository, root } from './entry-points.mjs';
import { describedIn } from './described.mjs';

const site = createRequire(`${root}docs/package.json`);
if (!existsSync(`${root}docs/node_modules/typedoc`)) {
  console.log('the tools of the documentation are not installed: run npm ci in docs/');
  process.exit(1);
}

/** A package of docs/package.json. */
const load = (name) => import(pathToFileURL(site.resolve(name)).href);
export const typedoc = await load('typedoc');
export const { default: ts } = await load('typescript');

/** How the Markdown plugin writes pages: one per entry point, members in tables. */
const PAGES = {
  plugin: [site.resolve('typedoc-plugin-markdown')],
  out: `${root}docs/api`,
  outputFileStrategy: 'modules',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  sanitizeComments: true, // placeholders such as <name> are no elements
  parametersFormat: 'table',
  propertiesFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  enumMembersFormat: 'table',
  tableColumnSettings: { hideSources: true, hideOverrides: true, hideInherited: true, hideModifiers: true },
};

/**
 * Reads the public entry points.
 *
 * An option that a type has from a schema has no comment of its own: its text is the one that the schema describes it
 * with, which `--help` and `describe` show too.
 * @returns the application, the project, and the TypeScript declaration of each reflection
 */
export async function readSources() {
  const { Application, Comment, Converter } = typedoc;
  const app = await Application.bootstrapWithPlugins({
    entryPoints: entryPoints().map(({ source }) => source),
    tsconfig: `${root}tools/docs/tsconfig.json`,
    basePath: root,
    name: 'API reference',
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    skipErrorChecking: true, // tsc -b has checked them
    logLevel: 'Warn',
    validation: { notExported: false, notDocumented: false, invalidLink: true, rewrittenLink: true },
    readme: 'none',
    disableGit: true, // a checkout may be none
    sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}`,
    ...PAGES,
  });
  const declarations = new Map();
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    const declaration = context.getSymbolFromReflection(reflection)?.declarations?.[0];
    if (declaration === undefined) return;
    declarations.set(reflection, declaration);
    if (reflection.comment === undefined && ts.isPropertyAssignment(declaration)) {
      const text = describedIn(ts, declaration.initializer, context.checker);
      if (text !== null) reflection.comment = new Comment([{ kind: 'text', text }]);
    }
  });
  const project = await app.convert();
  return { app, project, declarations };
}
