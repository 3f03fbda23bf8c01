export { runProgram, type ProgramOptions } from './program.js';
