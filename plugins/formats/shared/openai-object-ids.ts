/** Members that name what is stored at OpenAI: of inputs, file search, the code interpreter and the shell. */
export const OBJECT_IDS = [
  'file_id',
  'file_ids',
  'vector_store_ids',
  'container',
  'container_id',
  'skill_id',
] as const;
