import { configureGlobal, resetConfigureGlobal } from 'fast-check';
import { expect } from 'vitest';

/** A property is tried for so long, however many runs it asks for. Where nothing may be left out, it has all of them. */
const PROPERTY_MS = 600;
/** Properties of plain functions: one that waits for something would be left in the middle of it. */
const PLAIN = /[\\/]test[\\/](config|formats|prices|providers|route|wire)[\\/]/;

resetConfigureGlobal();
if (process.env['HEADGATE_TEST_REQUIRE_ALL'] !== '1' && PLAIN.test(expect.getState().testPath ?? ''))
  configureGlobal({ interruptAfterTimeLimit: PROPERTY_MS });
