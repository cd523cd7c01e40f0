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
