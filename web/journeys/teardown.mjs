import { removeFolder } from './town.mjs';

/** Throws the town's data away. */
export default function teardown() {
  if (process.env.JOURNEY_FOLDER) removeFolder(process.env.JOURNEY_FOLDER);
}
