/**
 * For what is checked once or a few times in a process: zod otherwise compiles a function for each schema of an object, which
 * took more of a start than reading the configuration by schemas that are not compiled.
 */
export const ONCE = { jitless: true } as const;
