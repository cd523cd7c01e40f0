import { type CallAdapter, type JsonObject, MalformedBody } from '@headgate/sdk';
import { isObject } from '../../formats/shared/read-json.js';
import { unsaidBeside } from '../shared/fields.js';
import { objectAt, objectOf, objectsAt } from '../shared/reply.js';

/**
 * `POST /v1/moderations`, https://docs.mistral.ai/api/endpoint/classifiers: OpenAI's form without `flagged`, and with
 * categories of its own. Texts alone.
 */
export const mistralModeration: CallAdapter = {
  id: 'mistral-moderation',
  calls: ['moderations'],
  ask(call) {
    const { input = null } = call.fields;
    const texts = (Array.isArray(input) ? input : [input]).map((one) => {
      if (typeof one === 'string') return one;
      if (isObject(one) && typeof one['text'] === 'string') return one['text'];
      throw new MalformedBody("'input' must be a text, or a list of texts", 'input');
    });
    return {
      path: call.path,
      body: { model: call.model, input: texts },
      unsaid: unsaidBeside(call, ['input']),
    };
  },
  read(reply) {
    const answer = objectOf(reply);
    const results = objectsAt(answer, 'results').map((result): JsonObject => {
      const flagged = Object.values(objectAt(result, 'categories')).some((value) => value === true);
      return { flagged, ...result };
    });
    if (results.length === 0) throw new MalformedBody('it has no results');
    return { body: { ...answer, results } };
  },
};
