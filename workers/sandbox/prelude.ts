/**
 * What stands in the sandbox before the program: the objects with what it can call, and a console. It runs as the body of a function of
 * `call` (callee, JSON → promise of JSON), `say` (text) and `most` (characters), and gives back the function that turns a result into a text. What it needs it has kept to itself, so
 * that a program that changes built-in objects changes its own world alone.
 */
export const PRELUDE = `
'use strict';
const { stringify, parse } = JSON;
const { defineProperty, freeze } = Object;
const slice = Function.prototype.call.bind(String.prototype.slice);
const then = Function.prototype.call.bind(Promise.prototype.then);
const join = Function.prototype.call.bind(Array.prototype.join);
const text = (value) => {
  if (typeof value === 'string') return value;
  const json = stringify(value);
  return json === undefined ? String(value) : json;
};
const objects = { __proto__: null };
functions.forEach(([object, name], callee) => {
  objects[object] ??= {};
  const made = (argument) => {
    const json = stringify(argument === undefined ? {} : argument);
    if (json !== undefined && json.length > most.argument) throw new RangeError('the argument is larger than ' + most.argument + ' characters');
    return then(call(callee, json === undefined ? 'null' : json), (reply) => parse(reply));
  };
  defineProperty(objects[object], name, { value: made, enumerable: true });
});
for (const object in objects) defineProperty(globalThis, object, { value: freeze(objects[object]), enumerable: true });
const log = (...values) => {
  const said = [];
  for (let i = 0; i < values.length; i++) said[i] = text(values[i]);
  say(slice(join(said, ' '), 0, most.said));
};
defineProperty(globalThis, 'console', { value: freeze({ log, info: log, warn: log, error: log, debug: log }) });
return (value, chars) => {
  const whole = value === undefined ? '' : text(value);
  return stringify([whole.length, slice(whole, 0, chars)]);
};
`;
