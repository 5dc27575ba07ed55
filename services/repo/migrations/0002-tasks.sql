-- What im-task stands on: who changed in which version, how far each large conversation is settled, copies of poison.

-- Each change of a conversation's members is a version; without gaps, so that a reader sees when some are missing.
CREATE TABLE IF NOT EXISTS member_changes (
  conversation_id BIGINT UNSIGNED NOT NULL,
  version INT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (conversation_id, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every member is settled up to settled_seq; a round that is open goes up to round_seq and has got behind after_user_id.
-- Nothing moves but under the newest epoch.
CREATE TABLE IF NOT EXISTS fanout_cursors (
  conversation_id BIGINT UNSIGNED NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL DEFAULT 0,
  settled_seq INT UNSIGNED NOT NULL,
  -- 0: no round is open.
  round_seq INT UNSIGNED NOT NULL DEFAULT 0,
  after_user_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rounds INT UNSIGNED NOT NULL DEFAULT 0,
  -- Members by what became of them: in the open round, in the last one that ended, in all of them.
  round_live INT UNSIGNED NOT NULL DEFAULT 0,
  round_repaired INT UNSIGNED NOT NULL DEFAULT 0,
  round_pushed INT UNSIGNED NOT NULL DEFAULT 0,
  round_muted INT UNSIGNED NOT NULL DEFAULT 0,
  round_parked INT UNSIGNED NOT NULL DEFAULT 0,
  round_skipped INT UNSIGNED NOT NULL DEFAULT 0,
  last_live INT UNSIGNED NOT NULL DEFAULT 0,
  last_repaired INT UNSIGNED NOT NULL DEFAULT 0,
  last_pushed INT UNSIGNED NOT NULL DEFAULT 0,
  last_muted INT UNSIGNED NOT NULL DEFAULT 0,
  last_parked INT UNSIGNED NOT NULL DEFAULT 0,
  last_skipped INT UNSIGNED NOT NULL DEFAULT 0,
  total_live BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total_repaired BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total_pushed BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total_muted BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total_parked BIGINT UNSIGNED NOT NULL DEFAULT 0,
  total_skipped BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (conversation_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Kept until its dead letter ends.
CREATE TABLE IF NOT EXISTS poison_copies (
  topic VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id INT UNSIGNED NOT NULL,
  record_offset BIGINT UNSIGNED NOT NULL,
  -- Of the command in its record; −1: the record as a whole.
  command_index INT NOT NULL,
  value MEDIUMBLOB NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (topic, partition_id, record_offset, command_index)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
