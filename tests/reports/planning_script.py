"""What streamlit runs in the tests of the planning page: the page as the command line serves it."""

from run_sim import _planning_page

_planning_page(())
