"""What a scanner makes of a painted body: resolution, breathing and counts in PET; noise and streaks in CT."""
