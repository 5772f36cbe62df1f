"""From files to exams: series chosen, paired and ordered, their voxels read."""
