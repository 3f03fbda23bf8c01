/** Help texts of options are no behavior: the arguments of zod's `.describe(…)` are not mutated. */
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'help-texts', {
    shouldIgnore({ parentPath: parent, node, listKey }) {
      const isText =
        listKey === 'arguments' && parent?.isCallExpression() && parent.node.arguments[0] === node;
      const { callee } = isText ? parent.node : {};
      if (callee?.type === 'MemberExpression' && callee.property.name === 'describe') return 'a help text';
      return undefined;
    },
  }),
];
