"""The rules of the hour in the room: roll call, votes, team check, peer factor, observation, sheets."""
