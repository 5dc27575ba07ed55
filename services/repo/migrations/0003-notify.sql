-- What a member wants to be pushed while away: 1 everything, 2 mentions, 3 nothing.
ALTER TABLE members ADD COLUMN notify TINYINT UNSIGNED NOT NULL DEFAULT 1;
