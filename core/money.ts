/** Nano-dollars as an exact decimal number of dollars: 1500000 → "0.0015". */
export function usdText(nano: number): string {
  const whole = Math.floor(nano / 1e9);
  const rest = nano - whole * 1e9;
  if (rest === 0) return String(whole);
  let digits = String(rest + 1e9).slice(1);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  digits = digits.slice(0, end);
  return `${whole}.${digits}`;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Nano-dollars of any size as an exact decimal number of dollars with all nine decimals: 12345678n → "0.012345678". */
export function exactUsd(nano: bigint): string {
  // Numbers are told several times faster.
  const digits = (nano >= 0n && nano <= SAFE ? Number(nano) : nano < 0n ? -nano : nano)
    .toString()
    .padStart(10, '0');
  return `${nano < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
