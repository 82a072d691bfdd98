/** Workflow code that can do nothing: each of its tasks fails, and is tried again by the server. */
export async function runProfile() {
  throw new Error('this code cannot go on');
}
