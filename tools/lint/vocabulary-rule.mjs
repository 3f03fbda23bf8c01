/**
 * ESLint rule: declared names, comments and prose in strings use the words of the glossary. Keys of objects and strings
 * without a space are not checked: they may be names that files of earlier versions hold.
 */
import { retiredWordIn, wordsOf } from './retired-words.mjs';

/** Texts about names of earlier versions may quote them. */
const MAY_QUOTE = /deprecated|former|earlier version|older record|eslint-|--player|--normalize/i;

/** @type {import('eslint').Rule.RuleModule} */
export const vocabularyRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { retired: '"{{word}}" is not a word of this project. Write: {{use}} (CONTRIBUTING.md, Glossary).' },
  },
  create(context) {
    const check = (node, text) => {
      if (MAY_QUOTE.test(text)) return;
      const found = retiredWordIn(text);
      if (found !== null) context.report({ node, messageId: 'retired', data: found });
    };
    const declared = (node) => {
      if (node?.type === 'Identifier') check(node, wordsOf(node.name));
    };
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          if (MAY_QUOTE.test(comment.value)) continue;
          const found = retiredWordIn(comment.value);
          if (found !== null) context.report({ loc: comment.loc, messageId: 'retired', data: found });
        }
      },
      VariableDeclarator: ({ id }) => declared(id),
      'FunctionDeclaration, FunctionExpression, ArrowFunctionExpression': ({ id, params }) => {
        declared(id);
        params.forEach(declared);
      },
      ClassDeclaration: ({ id }) => declared(id),
      TSInterfaceDeclaration: ({ id }) => declared(id),
      TSTypeAliasDeclaration: ({ id }) => declared(id),
      Literal(node) {
        if (typeof node.value === 'string' && /\s/.test(node.value)) check(node, node.value);
      },
      TemplateElement(node) {
        if (/\s/.test(node.value.raw)) check(node, node.value.raw);
      },
    };
  },
};
