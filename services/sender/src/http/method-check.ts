import type { FastifyInstance } from 'fastify';
import { Problem } from './problem.ts';

/** Answers what no route takes: 405 where another method would be taken at that address, else 404. To be called before the routes. */
export const checkMethods = (app: FastifyInstance): void => {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(
      `^${url
        .replaceAll('.', '\\.')
        .replaceAll('*', '.*')
        .replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`,
    );
    const one = known.get(url) ?? { pattern, methods: new Set() };
    for (const name of [method].flat()) one.methods.add(name);
    known.set(url, one);
  });
  app.setNotFoundHandler(({ url, method }) => {
    const path = url.split('?', 1)[0] ?? '';
    const methods = [...known.values()].flatMap((one) => (one.pattern.test(path) ? [...one.methods] : []));
    if (methods.length === 0 || methods.includes(method)) throw new Problem('not_found');
    const allow = [...new Set(methods)].sort().join(', ');
    throw new Problem('method_not_allowed', `It knows ${allow}.`, { headers: { allow } });
  });
};
