import type { SinkRow } from '@headgate/sdk';
import { AwsRequests, awsSettings } from './aws-request.js';
import { GooglePoster, googleCredential } from './google-poster.js';
import { address, text } from './setting.js';

/** Traces of CloudWatch (X-Ray): https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html. */
export const cloudwatch: SinkRow = {
  id: 'cloudwatch',
  title: 'Amazon CloudWatch (X-Ray)',
  docs: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html',
  sends: 'otlp',
  settings: awsSettings,
  // At most 5 MB and 10,000 spans.
  batch: { records: 500 },
  open(values, host) {
    const region = values.text('region');
    const base = values.text('endpoint') || `https://xray.${region}.amazonaws.com`;
    const aws = new AwsRequests(host, 'xray', region, values.text('credential'));
    return {
      async send(details) {
        const { body, contentType } = host.traces(details);
        const url = new URL(`${base}/v1/traces`);
        return host.judgeOtlp(
          await aws.send(url, 'POST', { 'content-type': contentType }, Buffer.from(body)),
        );
      },
    };
  },
};

/** Cloud Trace: https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces.post. */
export const googleCloud: SinkRow = {
  id: 'google-cloud',
  title: 'Google Cloud Trace',
  docs: 'https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces.post',
  sends: 'otlp',
  settings: {
    project: text('project that traces go to', 'GOOGLE_CLOUD_PROJECT'),
    credential: googleCredential,
    url: address('address for OTLP', 'https://telemetry.googleapis.com'),
  },
  open(values, host) {
    const project = values.text('project');
    const google = new GooglePoster(host, values.text('credential'));
    return {
      async send(details) {
        const { body, contentType } = host.traces(details, { resource: { 'gcp.project_id': project } });
        const headers = {
          'content-type': contentType,
          'x-goog-user-project': project,
        };
        const url = `${values.text('url')}/v1/traces`;
        return host.judgeOtlp(await google.post({ url, headers, body }, true));
      },
    };
  },
};
