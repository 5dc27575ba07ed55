-- Finds the admins and the owner of a large group. A file of its own: one that fails in its middle could not be run again.
ALTER TABLE members ADD KEY members_role (conversation_id, role);
