/** All zones of today are at whole quarters of an hour. */
export const QUARTER_MS = 900_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clock is ahead of UTC then, in quarters of an hour. `slot`: quarters since 1970. Throws on an unknown zone. */
export function offsetAt(zone: string, slot: number): number {
  if (zone === 'UTC') return 0;
  const time = slot * QUARTER_MS;
  const parts = zoneFormat(zone).formatToParts(time);
  const get = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const local = Date.UTC(
    get('year'),
    get('month') - 1,
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  );
  return Math.round((local - time) / QUARTER_MS);
}

/** The first instant of a calendar day, or of any local time, in a zone; unix milliseconds. `local` is that time as if it were UTC. */
export function instantOf(zone: string, local: number): number {
  let guess = local;
  for (let i = 0; i < 3; i++) guess = local - offsetAt(zone, Math.floor(guess / QUARTER_MS)) * QUARTER_MS;
  return guess;
}

/** Throws on an unknown zone. */
export function zoneFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    if (formats.size > 100) formats.clear();
    formats.set(zone, format);
  }
  return format;
}
