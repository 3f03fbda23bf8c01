/** Finds what a reader of the API reference would see without a word. */
import { ts, typedoc } from './typedoc.mjs';

const { ReflectionKind } = typedoc;

/** Kinds that must be documented. A constructor is documented by its class, a signature by its function. */
const REQUIRED =
  ReflectionKind.Variable |
  ReflectionKind.Function |
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Enum |
  ReflectionKind.EnumMember |
  ReflectionKind.Property |
  ReflectionKind.Method |
  ReflectionKind.Accessor;

/**
 * Every export and every public member without a comment, once for all the places from which it is exported.
 *
 * Not asked for: members that another package's type has; an object type that is written on one line, which the comment
 * of what it belongs to covers; the discriminant of a union (`type: 'epoch'`); members of an exported value, such as a
 * table, which its own comment covers.
 * @returns {{ checked: number, missing: { name: string, kind: string, file: string, line: number }[] }}
 */
export function undocumented({ project, declarations }) {
  const found = new Map();
  const visit = (reflection, ofValue) => {
    for (const child of reflection.children ?? []) {
      if (child.kind === ReflectionKind.Reference) continue;
      const source = child.sources?.[0];
      if (
        source &&
        child.kind & REQUIRED &&
        !child.inheritedFrom &&
        !isCovered(declarations.get(child), ofValue)
      )
        found.set(`${source.fileName}:${source.line}:${child.name}`, { child, source });
      const inside = ofValue || child.kind === ReflectionKind.Variable;
      visit(child, inside);
      for (const type of literalsIn(child.type)) visit(type, inside);
    }
  };
  visit(project, false);
  const missing = [...found.values()]
    .filter(({ child }) => !hasComment(child))
    .map(({ child, source }) => ({
      name: child.getFullName(),
      kind: ReflectionKind.singularString(child.kind),
      file: source.fileName,
      line: source.line,
    }));
  return { checked: found.size, missing };
}

/** The object types in a type: itself, and those in a union, an intersection or an array. */
const literalsIn = (type) =>
  type === undefined
    ? []
    : type.type === 'reflection'
      ? [type.declaration]
      : [...(type.types ?? []), type.elementType].filter(Boolean).flatMap(literalsIn);

const hasComment = (reflection) =>
  reflection.hasComment() ||
  [
    ...(reflection.signatures ?? []),
    reflection.getSignature,
    ...(reflection.type?.type === 'reflection' ? (reflection.type.declaration.signatures ?? []) : []),
  ].some((signature) => signature?.hasComment());

function isCovered(declaration, ofValue) {
  if (declaration === undefined) return false;
  if (declaration.getSourceFile().fileName.includes('/node_modules/')) return true;
  const { parent } = declaration;
  if (ts.isObjectLiteralExpression(parent)) return ofValue || isOneLine(parent);
  if (!ts.isTypeLiteralNode(parent)) return false;
  const isDiscriminant = declaration.type !== undefined && ts.isLiteralTypeNode(declaration.type);
  return isDiscriminant || (isOneLine(parent) && !ts.isTypeAliasDeclaration(parent.parent));
}

function isOneLine(node) {
  const file = node.getSourceFile();
  const line = (position) => file.getLineAndCharacterOfPosition(position).line;
  return line(node.getStart()) === line(node.getEnd());
}
