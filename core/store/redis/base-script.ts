/** What was used before all holds: its sum, and with something more. For scripts that have `now`; see `baseOf`. */
export const BASE = `
local function text(n) return string.format('%.0f', n) end
local function sumOf(base)
  local sum = 0
  for amount, ends in string.gmatch(base, '(%S+) (%S+)') do
    if ends == '0' or tonumber(ends) > now then sum = sum + tonumber(amount) end
  end
  return sum
end
local function plus(base, amount, ends)
  if amount <= 0 then return base end
  if ends == 0 then return text(sumOf(base) + amount) .. ' 0' end
  local kept = {}
  for a, e in string.gmatch(base, '(%S+) (%S+)') do
    if tonumber(e) > now then kept[#kept + 1] = a .. ' ' .. e end
  end
  kept[#kept + 1] = text(amount) .. ' ' .. text(ends)
  return table.concat(kept, ' ')
end
`;
