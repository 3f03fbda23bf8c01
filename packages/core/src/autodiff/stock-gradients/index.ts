/** tfjs-layers registers the gradient of every kernel; nothing else of it is used. */
// eslint-disable-next-line @nx/enforce-module-boundaries -- package.json's `imports` choose: only Node can require
import '#stock-gradients';
