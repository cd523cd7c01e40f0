import type { SinkAnswer, SinkHost, SinkRow, SinkVerdict } from '@headgate/sdk';
import { jsonOf } from './json-answer.js';
import { recordJson } from './record-json.js';
import { optional, ownAddress, secret } from './setting.js';

/** Codes of the collector that pass: its queues are full, it is starting or stopping, or somebody will mend its token or the name of the index. */
const LATER: ReadonlySet<number> = new Set([1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 18, 20, 23, 24, 25, 26, 27]);
const DONE = 0;

/** Splunk's HTTP Event Collector: https://docs.splunk.com/Documentation/Splunk/latest/Data/HTTPEventCollector. */
export const splunk: SinkRow = {
  id: 'splunk',
  title: 'Splunk HTTP Event Collector',
  docs: 'https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector',
  sends: 'http',
  settings: {
    url: ownAddress('address of the collector, such as `https://splunk.example.com:8088`', 'SPLUNK_HEC_URL'),
    token: secret('token of the collector', 'SPLUNK_HEC_TOKEN'),
    index: optional('index, where the token has no usual one'),
    sourcetype: optional('source type', 'headgate:request'),
  },
  open(values, host) {
    const url = `${values.text('url')}/services/collector/event`;
    const headers = {
      'content-type': 'application/json',
      authorization: `Splunk ${values.text('token')}`,
    };
    const common = {
      source: 'headgate',
      host: host.instance,
      sourcetype: values.text('sourcetype'),
      ...(values.text('index') !== '' && { index: values.text('index') }),
    };
    return {
      async send(details) {
        // Events one after the other, with nothing between them.
        const body = details
          .map((detail) =>
            JSON.stringify({ ...common, time: detail.record.time / 1000, event: recordJson(detail) }),
          )
          .join('\n');
        return judge(await host.post({ url, headers, body }, true), host);
      },
    };
  },
};

function judge(answer: SinkAnswer, host: SinkHost): SinkVerdict {
  const { code, text } = jsonOf(answer);
  const why = `it answered ${answer.status} with code ${String(code)}: ${String(text ?? '')}`;
  if (typeof code === 'number' && LATER.has(code)) return { kind: 'later', why };
  const verdict = host.judge(answer);
  // A success has the code 0.
  if (verdict.kind !== 'taken' || code === undefined || code === DONE) return verdict;
  return { kind: 'refused', why };
}
