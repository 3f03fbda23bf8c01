/** Domain of operators that this package defines for itself. */
export const OWN_DOMAIN = 'anc';
