export {
  type AdoptOptions,
  adoptGroup,
  type Exit,
  type ProcessGroup,
  SpawnFailed,
  type SpawnGroupOptions,
  spawnGroup,
} from './process-group.ts';
export { type Reaper, sharedReaper, startReaper } from './reaper.ts';
