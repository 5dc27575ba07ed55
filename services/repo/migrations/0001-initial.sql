-- One text for MySQL 8.4 and MariaDB 10.11: no RETURNING, no row alias in INSERT, collations that both know, all of them named.
-- Ids are BIGINT UNSIGNED and reach JavaScript as strings; seq, ordinal and versions are INT UNSIGNED and reach it as numbers.

CREATE TABLE IF NOT EXISTS users (
  id BIGINT UNSIGNED NOT NULL,
  -- Bytes: names that differ in case or by a trailing space are different users.
  name VARBINARY(400) NOT NULL,
  display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY users_name (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS conversations (
  id BIGINT UNSIGNED NOT NULL,
  -- 1 direct, 2 group
  kind TINYINT UNSIGNED NOT NULL,
  -- 1 direct, 2 large: how entries are delivered, and since which seq
  delivery_class TINYINT UNSIGNED NOT NULL DEFAULT 1,
  class_since_seq INT UNSIGNED NOT NULL DEFAULT 1,
  name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  creator_id BIGINT UNSIGNED NOT NULL,
  command_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What the creation asked for: the same command id with other content is a conflict.
  content_hash BINARY(16) NOT NULL,
  -- Direct only: the two users, in order, so that a pair has one conversation.
  low_user_id BIGINT UNSIGNED NULL,
  high_user_id BIGINT UNSIGNED NULL,
  last_seq INT UNSIGNED NOT NULL,
  -- Counts the entries that members count as unread.
  last_ordinal INT UNSIGNED NOT NULL,
  last_entry_at DATETIME(3) NOT NULL,
  member_version INT UNSIGNED NOT NULL,
  member_count INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY conversations_command (creator_id, command_id),
  UNIQUE KEY conversations_pair (low_user_id, high_user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- A member sees join_seq < seq ≤ leave_seq; leave_seq is 0 while it is active.
CREATE TABLE IF NOT EXISTS members (
  conversation_id BIGINT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  -- 1 member, 2 admin, 3 owner
  role TINYINT UNSIGNED NOT NULL,
  join_seq INT UNSIGNED NOT NULL,
  leave_seq INT UNSIGNED NOT NULL DEFAULT 0,
  read_seq INT UNSIGNED NOT NULL,
  read_ordinal INT UNSIGNED NOT NULL,
  muted_until DATETIME(3) NULL,
  PRIMARY KEY (conversation_id, user_id),
  KEY members_user (user_id, leave_seq, conversation_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The log. No AUTO_INCREMENT, no foreign keys, no further index: this is the hot table, and it grows for ever.
CREATE TABLE IF NOT EXISTS messages (
  conversation_id BIGINT UNSIGNED NOT NULL,
  seq INT UNSIGNED NOT NULL,
  -- How many entries up to this one count as unread: unread is a subtraction.
  ordinal INT UNSIGNED NOT NULL,
  type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sender_id BIGINT UNSIGNED NOT NULL,
  -- NULL for what is no message.
  client_message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  content_hash BINARY(16) NOT NULL,
  body BLOB NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id, seq),
  UNIQUE KEY messages_client_id (conversation_id, sender_id, client_message_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The answers of all commands but send and read.
CREATE TABLE IF NOT EXISTS commands (
  conversation_id BIGINT UNSIGNED NOT NULL,
  actor_id BIGINT UNSIGNED NOT NULL,
  command_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content_hash BINARY(16) NOT NULL,
  -- applied, noop, or the name of an error
  outcome VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- 0: no entry.
  seq INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id, actor_id, command_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Who may write what comes from a partition of gochat.upstream, and up to where it has been applied.
CREATE TABLE IF NOT EXISTS upstream_owners (
  partition_id INT UNSIGNED NOT NULL,
  owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  next_offset BIGINT UNSIGNED NOT NULL,
  claimed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (partition_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
