/** JSON, one a line; or text for people. */
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The part of the gateway that a line is of, as it says itself. */
export function componentOf(fields: Readonly<Record<string, unknown>>, otherwise: string): string {
  const { component, plugin } = fields;
  if (typeof component === 'string') return component;
  return typeof plugin === 'string' ? `plugin:${plugin}` : otherwise;
}
