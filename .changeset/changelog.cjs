/** CHANGELOGs without the lists of updated dependencies: all packages share one version. */
const { default: changes } = require('@changesets/cli/changelog');

module.exports = { getReleaseLine: changes.getReleaseLine, getDependencyReleaseLine: async () => '' };
