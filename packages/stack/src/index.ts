export { freePort, freePorts } from './free-ports.ts';
export { type RabbitMq, type RabbitMqOptions, type RabbitMqPorts, startRabbitMq } from './rabbitmq.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis.ts';
export { isListening } from './tcp.ts';
export { createVhost, type Vhost } from './vhost.ts';
