/**
 * @param without a model that is not to be named: the session has one
 *
 * Path and query at the provider: those of its row, in which a model that nobody named leaves an empty parameter that is
 * taken out, and what of the client's query is passed on.
 */
export function upstreamAddress(
  path: string,
  query: readonly (readonly [name: string, value: string])[],
  without: string | null = null,
): string {
  const [sent = ''] = path.split('#', 1);
  const [bare = '', own = ''] = sent.split('?', 2);
  const parameters = own.split('&').filter((pair) => pair !== '' && !pair.endsWith('='));
  if (without !== null) {
    const named = `=${encodeURIComponent(without)}`;
    parameters.splice(0, parameters.length, ...parameters.filter((pair) => !pair.endsWith(named)));
  }
  for (const [name, value] of query) parameters.push(`${name}=${encodeURIComponent(value)}`);
  return parameters.length === 0 ? bare : `${bare}?${parameters.join('&')}`;
}
