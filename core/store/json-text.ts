const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `.001` to `.999` without trailing zeros: a fraction by look-up, for writing out a double costs ten times as much. */
const FRACTIONS = Array.from({ length: 1000 }, (_, thousandths) =>
  thousandths === 0 ? '' : `.${String(thousandths).padStart(3, '0').replace(/0+$/, '')}`,
);

/** A string as JSON text. Names and ids need no escaping nearly always, and the test is cheaper than the escaping. */
export function stringText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** A duration as JSON text, to three decimals. What is no duration is null. */
export function durationText(value: number | null): string {
  if (value === null || !(value >= 0 && value < 1e12)) return 'null';
  const thousandths = Math.round(value * 1000);
  const whole = Math.floor(thousandths / 1000);
  return whole + FRACTIONS[thousandths - whole * 1000]!;
}

/** A count as JSON text; null when it is no number. */
export function countText(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}
