#!/usr/bin/env node
// Before anything else is loaded, since loading is what it is about: static imports would all be loaded first.
import '../core/threads/heap-size.js';

const { enter } = await import('./enter.js');
await enter(new URL(import.meta.url));
