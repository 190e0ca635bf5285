"""The licenses of one repository: its files, and what its parents ask for."""
