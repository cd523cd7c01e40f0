/** Members of requests that name files and skills, https://docs.claude.com/en/docs/build-with-claude/files. */
export const OBJECT_IDS = ['file_id', 'skill_id'] as const;
