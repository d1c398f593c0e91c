// Warren beside an installed RabbitMQ: `npm run test:differential-rabbitmq`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/differential-rabbitmq/**/*.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
