import type { Logger } from '@headgate/sdk';

export type LogLine = (level: LogLevel, message: string, fields: Record<string, unknown>) => void;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The same log for one part of the gateway, which its lines say; plugins say who they are themselves. */
export function logOf(component: string, log: LogLine): LogLine {
  return (level, message, fields) =>
    log(level, message, fields['plugin'] === undefined ? { component, ...fields } : fields);
}

/** A log with a name on every line; where the lines go is the composition root's business. */
export class PluginLogger implements Logger {
  constructor(
    private readonly write: LogLine,
    private readonly fixed: Record<string, unknown> = {},
  ) {}

  child(fields: Record<string, unknown>): PluginLogger {
    return new PluginLogger(this.write, { ...this.fixed, ...fields });
  }

  debug(message: string, fields: Record<string, unknown> = {}): void {
    this.write('debug', message, { ...this.fixed, ...fields });
  }
  info(message: string, fields: Record<string, unknown> = {}): void {
    this.write('info', message, { ...this.fixed, ...fields });
  }
  warn(message: string, fields: Record<string, unknown> = {}): void {
    this.write('warn', message, { ...this.fixed, ...fields });
  }
  error(message: string, fields: Record<string, unknown> = {}): void {
    this.write('error', message, { ...this.fixed, ...fields });
  }
}
