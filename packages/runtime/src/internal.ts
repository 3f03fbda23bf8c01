/** What processes of tests use. Not part of the stable interface. */
export { DiskTable } from './teacher-cache/disk-table.js';
