import { enter } from './enter.js';

void enter(new URL(import.meta.url));
