-- A session is the login of one device. Its refresh token is a half that stays and a half that is exchanged with every use;
-- what is stored are their SHA-256 hashes.
CREATE TABLE IF NOT EXISTS sessions (
  id BIGINT UNSIGNED NOT NULL,
  user_id BIGINT UNSIGNED NOT NULL,
  device_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  device_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  family_hash BINARY(32) NOT NULL,
  refresh_hash BINARY(32) NOT NULL,
  -- Of the half that was exchanged last; it and the salt make the present one again, for an answer that got lost.
  previous_hash BINARY(32) NULL,
  salt BINARY(32) NULL,
  rotated_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  last_seen_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  revoked_at DATETIME(3) NULL,
  -- logout, replaced, surplus, revoked, password, suspended or reused
  revoke_reason VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (id),
  KEY sessions_user (user_id, revoked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Last, and one statement: a text that failed in its middle is run again.
ALTER TABLE users
  ADD COLUMN is_guest TINYINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN suspended_at DATETIME(3) NULL;
