"""The hour in the room: sessions, seats, roll call, polls, team checks, group work, and the pages of a class."""
