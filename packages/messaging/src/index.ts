export { type Broker, type BrokerOptions, connectBroker } from './broker.ts';
export type { Consumer } from './consumer.ts';
export { type CorrelationContext, currentContext, runInContext } from './correlation.ts';
export { BrokerClosed, PermanentError, RetryableError, summarizeError, Unroutable } from './errors.ts';
export { type HandleOptions, type Handler, type HandlerContext, handle } from './handler.ts';
export type { MessagingLogger, MessagingMetrics, Outcome } from './observers.ts';
export type { PublishOptions } from './publisher.ts';
