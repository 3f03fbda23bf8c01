#!/usr/bin/env node
import module from 'node:module';

module.enableCompileCache?.(); // Node 22 and later: code is compiled once, not at every start
await import('../dist/main.js');
