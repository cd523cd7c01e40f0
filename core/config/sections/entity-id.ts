import { wants } from '../wants.js';

export const idForm = wants('an id: letters, digits, ".", "_", ":", "@" and "-", at most 128');
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
