-- Groups: who gets in and how, who may talk, what stands above the log, and when it ended. One text for MySQL 8.4 and MariaDB 10.11.

-- Who asks to be let in; gone when the user has joined. Kept when the request has ended otherwise: it counts what is kept for the user.
CREATE TABLE IF NOT EXISTS join_requests (
  conversation_id BIGINT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  is_pending TINYINT UNSIGNED NOT NULL,
  -- Answers in `commands` that the user got as somebody who is not in.
  kept_answers INT UNSIGNED NOT NULL,
  asked_at DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id, user_id),
  KEY join_requests_pending (conversation_id, is_pending, user_id),
  KEY join_requests_user (user_id, is_pending)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

ALTER TABLE conversations
  ADD COLUMN announcement VARCHAR(2000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  -- 1 invite, 2 approval, 3 open
  ADD COLUMN join_mode TINYINT UNSIGNED NOT NULL DEFAULT 1,
  -- Only admins and the owner may send.
  ADD COLUMN is_muted_all TINYINT UNSIGNED NOT NULL DEFAULT 0,
  -- The last entry. Whoever is in then has left there; not one row of theirs is changed. 0: not dissolved.
  ADD COLUMN dissolved_seq INT UNSIGNED NOT NULL DEFAULT 0;
