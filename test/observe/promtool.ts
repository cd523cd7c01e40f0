import { spawnSync } from 'node:child_process';

/** Why Prometheus' tool (Debian's package `prometheus`) cannot be asked here, or null; it must be there where nothing is skipped. */
export const whyNoPromtool: string | null =
  spawnSync('promtool', ['--version']).error === undefined || process.env['HEADGATE_TEST_REQUIRE_ALL'] === '1'
    ? null
    : 'promtool is not installed';
