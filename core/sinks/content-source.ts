import type { SettledContent, SettledDetail } from '@headgate/sdk';

/** What is kept of requests, by their ids; those of which nothing is kept are left out. Never rejects. */
export type ContentSource = (ids: readonly string[]) => Promise<ReadonlyMap<string, SettledContent>>;

/** The same with what is kept of each. */
export async function withContent(
  details: readonly SettledDetail[],
  source: ContentSource,
): Promise<readonly SettledDetail[]> {
  const contents = await source(details.map(({ record }) => record.id));
  return details.map((detail) => {
    const content = contents.get(detail.record.id);
    return content === undefined ? detail : { ...detail, content };
  });
}
