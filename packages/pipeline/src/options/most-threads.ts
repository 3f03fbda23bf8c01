/** Most threads that may be requested: more than machines have, and few enough to be started. */
export const MOST_THREADS = 1024;
