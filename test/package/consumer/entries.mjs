// The six entry points of the built package, and some of what each must hand out.

import * as runtime from 'warren';
import * as amqp from 'warren/amqp';
import * as broker from 'warren/broker';
import * as management from 'warren/management';
import * as observe from 'warren/observe';
import * as testing from 'warren/testing';

const kinds = (module, ...names) => Object.fromEntries(names.map((name) => [name, typeof module[name]]));
console.log(
  JSON.stringify({
    ...kinds(runtime, 'startSystem', 'receive', 'genServer', 'supervisor', 'call'),
    ...kinds(broker, 'startBroker'),
    ...kinds(amqp, 'FrameReader', 'listenerChild'),
    ...kinds(management, 'overview'),
    ...kinds(observe, 'processInfo', 'whichChildren'),
    ...kinds(testing, 'schedules', 'simulate'),
  }),
);
