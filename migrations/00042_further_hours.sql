-- +goose Up
-- When orders are collected, delivered and cooked, in OpenStreetMap notation;
-- empty: as the hours say.
ALTER TABLE locations ADD COLUMN pickup_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE locations ADD COLUMN delivery_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE locations ADD COLUMN kitchen_hours TEXT NOT NULL DEFAULT '';
