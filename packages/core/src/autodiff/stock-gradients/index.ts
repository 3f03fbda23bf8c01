/** tfjs-layers registers the gradients of all kernels; nothing else of it is used. */
// eslint-disable-next-line @nx/enforce-module-boundaries -- package.json's `imports` choose the file: only Node has `require`
import '#stock-gradients';
