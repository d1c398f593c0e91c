// Memory and disk alarms.
export { ALARMS_NAME, type AlarmSettings, alarmServer } from './alarm-server.ts';
export { type Alarm, alarmReason, alarmsOf, isAlarmed, setAlarm } from './alarm-word.ts';
